"""The marts for people who read no SQL: a report in one HTML file, and Parquet files for BI tools."""
