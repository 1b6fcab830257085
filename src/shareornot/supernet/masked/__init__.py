"""The masked engine: the choice of cell is data, so one static graph does all cells, of several super-nets at once.

`choice` turns cells into masks, `layout` says where parameters live, `network` is the forward pass, `training` and
`scoring` run it, `replay` runs it as a captured CUDA graph where there is one.
"""
