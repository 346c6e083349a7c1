"""The pages of banking: what people see of their banks, one file for each subject."""
