"""Two settings that decide the speed of Paddle on a CPU."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


def keep_pages() -> None:
    """Tell glibc to keep freed memory instead of returning it to the kernel.

    A tensor of some MB otherwise costs more in page faults than in arithmetic: 3x on a depthwise layer.
    Does nothing on another C library. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def use_threads(count: int) -> None:
    """Let Paddle and the kernels of our own use `count` threads."""
    import numba
    import paddle

    from paddle_mfs.ops import cpu_products

    paddle.set_flags({"FLAGS_paddle_num_threads": count})
    paddle.base.core.set_num_threads(count)
    numba.set_num_threads(min(count, numba.config.NUMBA_NUM_THREADS))
    cpu_products.use_threads(count)
