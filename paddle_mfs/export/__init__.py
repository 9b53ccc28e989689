"""An Identity out of dygraph.

paddle.py     writes the Paddle model                     lite.py         writes .nb files; census.py reads their kernels
check.py      same pixels as dygraph?                     ranges.py       does everything fit into half precision?
quantise.py   one 8-bit graph                             sensitivity.py  what 8 bits do to each layer
int8.py       which layers stay in float, and what is lost
"""
