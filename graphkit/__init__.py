"""graphkit: from a platform's logs to its communities, and how a feed carries content across them."""
