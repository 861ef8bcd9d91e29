"""The mouth and ears: what comes from WeChat and what goes out to it."""
