"""What one platform does differently: one folder a platform, and a registry that finds them."""
