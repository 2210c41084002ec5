"""What made the profiles and tables that come with dsim out of published figures; a command for each source."""
