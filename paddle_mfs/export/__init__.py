"""An Identity out of dygraph.

paddle.py     writes the Paddle model                     lite.py         writes .nb files
check.py      same pixels as dygraph?                     census.py       which kernels a .nb runs
ranges.py     does everything fit into half precision?    sensitivity.py  what 8 bits do to each layer
quantise.py   one 8-bit graph                             int8.py         which layers stay in float, and what is lost
"""
