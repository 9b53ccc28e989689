"""Runs Paddle-Lite's opt: `python opt_process.py PROGRAM PARAMETERS PLACES PRECISION WEIGHTS OUTPUT`.

A process of its own, since opt aborts on a bad graph. Imports nothing of the package.
"""

import sys

from paddlelite.lite import Opt


def main(program: str, parameters: str, places: str, precision: str, weights: str, output: str) -> None:
    opt = Opt()
    opt.set_model_file(program)
    opt.set_param_file(parameters)
    if precision == "fp16":
        opt.enable_fp16()  # opt reads this when it is told the places: later it would do nothing
    opt.set_valid_places(places)
    if weights != "float32":
        opt.set_quant_model(True)
        opt.set_quant_type(f"QUANT_{weights.upper()}")
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(output)  # opt appends .nb
    opt.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
