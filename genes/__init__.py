"""管基因 – the engine that matches columns to data elements; the pages arrive with their own issue."""
