"""Operators, no networks: why they exist and what they gain is told at the head of each file.

layers.py        depthwise, convolutions, products and PReLU as layers; Paddle's own where these cannot serve
resample.py      bilinear x2 and area resampling, as products with constant matrices
same_padding.py  convolutions padded as TensorFlow pads
cpu_kernels.py   the compiled loops behind them; cpu_products.py, their matrix products
threads.py       how many threads and which memory they use
freeze.py        a network that is used, not trained
"""
