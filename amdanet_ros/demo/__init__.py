"""The demo: a made-up recording through the real node over DDS, and a report of what came out."""
