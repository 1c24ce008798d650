"""The names of the population's columns, without the imports of its generator."""

COLUMNS = ("id", "sfzh", "xm", "xb", "mz", "csrq", "xzqh", "dz", "lxdh", "hyzk", "xl", "gzdw", "sr", "djrq", "gxsj")
