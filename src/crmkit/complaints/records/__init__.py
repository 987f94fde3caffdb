"""The frozen nouns of complaints: the receipt, the trail, and what is kept beside them."""
