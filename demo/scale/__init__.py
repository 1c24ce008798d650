"""Metadata of a whole province, made up at any size and loaded by COPY: for measuring the platform, not for showing it.

``words`` names things, ``shape`` divides tables and columns among sources, ``standard`` makes the data elements,
``catalogue``, ``quality``, ``genes`` and ``history`` the rows of one source, ``copying`` writes them, ``load`` puts it together. The same numbers give the same estate,
but for the dates, which lead up to the day of loading.
"""
