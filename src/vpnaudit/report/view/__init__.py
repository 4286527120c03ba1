"""What all formats share: joined records, wording, and text made harmless. Nothing here judges."""
