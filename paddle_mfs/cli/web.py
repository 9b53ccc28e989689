"""A page in the browser, for this computer alone: source, target picture or clip, options, result.

python tools/web.py         # then open the address it prints; Ctrl-C ends it
"""

import argparse
import sys

from paddle_mfs.cli._arguments import add_network_arguments
from paddle_mfs.utils.numbers import check_number


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Every output carries its provenance: synthetic, from what, by what weights.",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this computer alone); with another one everybody who "
        "reaches it can use the page",
    )
    parser.add_argument("--port", type=int, default=0, help="0 (default): the first free one from 7860 on")
    parser.add_argument("--max-mb", type=float, default=200, help="largest upload in megabytes (default: 200)")
    parser.add_argument(
        "--max-session-mb", type=float, default=1000, help="all uploads of one page together (default: 1000)"
    )
    parser.add_argument(
        "--max-idle", type=float, default=60, help="minutes without use after which a page's files go (default: 60)"
    )
    parser.add_argument("--max-seconds", type=float, default=60, help="longest clip (default: 60)")
    add_network_arguments(parser)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    check_number("--port", args.port, 0, 65535)
    check_number("--max-mb", args.max_mb, 0, above=True)
    check_number("--max-session-mb", args.max_session_mb, 0, above=True)
    check_number("--max-idle", args.max_idle, 0, above=True)
    check_number("--max-seconds", args.max_seconds, 0, above=True)
    from paddle_mfs.apps.web.page import LOCAL, serve
    from paddle_mfs.apps.web.sessions import Limits

    if args.host not in LOCAL:
        print(f"warning: everybody who reaches {args.host} can use this page, without a password", file=sys.stderr)
    limits = Limits(args.max_mb, args.max_session_mb, args.max_seconds, args.max_idle)
    serve(args.host, args.port or None, limits, args.weights, args.encoder, args.engine)
