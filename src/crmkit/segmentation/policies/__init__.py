"""The policies of segmentation, one file a policy: facts in, an explained decision out."""
