"""The IDN as a graph of nodes, for engines and exports.

nodes.py      the network as a list of nodes              rewrites.py   exact rewrites of that list
program.py    nodes -> Paddle inference program           upsampling.py those of the mobile variant's upsampling
targets.py    what each Paddle-Lite target adds and can   idn_runner.py a baked IDN on an engine
"""
