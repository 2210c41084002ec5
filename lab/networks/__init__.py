"""Build published networks and trace them into the graphs that come with dsim. Needs timm; users and tests do not."""
