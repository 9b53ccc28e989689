"""An Identity out of dygraph.

    graph.py      the network as a list of nodes             rewrites.py   exact rewrites of that list
    program.py    nodes -> Paddle inference program           targets.py    what each Paddle-Lite target adds and can do
    paddle.py     writes the Paddle model                     lite.py       writes .nb files; census.py reads their kernels
    check.py      same pixels as dygraph?                     ranges.py     does everything fit into half precision?
    plain.py      the export without rewrites                 report.py     plain export against ours
    int8.py       8-bit graphs, and what they lose            sensitivity.py  which layers to leave in float
    calibration.py  ways to choose the 8-bit ranges
"""
