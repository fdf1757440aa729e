"""What service users and providers do, without I/O."""
