"""Tests of the stand-in for the WeChat platform."""
