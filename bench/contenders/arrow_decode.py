"""arrow_decode.py FILES...: the floor. Every column of the files as Arrow in memory, and no more.

The quickest of several ways: mapped files, read by all threads without reading ahead into buffers.
"""

import sys

import pyarrow.parquet as pq
import questions

tables = [pq.ParquetFile(path, memory_map=True, pre_buffer=False).read() for path in sys.argv[1:]]
questions.in_memory_now()
