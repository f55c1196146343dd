"""Folding, tokens and stems: what a word is, in any script. Serves match, dedupe and story."""
