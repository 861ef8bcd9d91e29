"""The supervisor's part: witnessing what happens, opinions that must be answered, alarms."""
