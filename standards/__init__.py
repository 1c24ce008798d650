"""管标准 – the notation of data elements and what the platform ships of them; the pages arrive with their own issue."""
