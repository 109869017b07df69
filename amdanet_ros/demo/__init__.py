"""The demo: plays a generated bag through the real node over DDS and reports on the outputs."""
