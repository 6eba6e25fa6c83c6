"""BioCoder: functions of a small bioinformatics library, each to be written into its context module."""
