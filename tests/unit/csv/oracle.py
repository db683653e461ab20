"""Random small files, read by csv_dump and by Python's csv module: the same cells.

    oracle.py CSV_DUMP [COUNT [SEED]]

Python's reader is not strict by default and decides as we do (see csv/csv.h), but for one thing:
it takes a quote left open at the end of the file as closed there.  Such files are passed over.
"""
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile

TOKENS = ["a", "bc", " ", ",", ",", '"', '"', '""', "\n", "\r\n", "\r", "\u00e9", ",\"", "\",", ";"]
ENCODINGS = {"utf-8": "utf-8", "utf-16le": "utf-16le", "utf-16be": "utf-16be", "windows-1252": "cp1252"}


def python_rows(text):
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def main():
    dump = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20261123
    print(f"seed {seed}")
    chance = random.Random(seed)
    compared = 0
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "file.csv")
        for _ in range(count):
            text = "".join(chance.choice(TOKENS) for _ in range(chance.randrange(40)))
            name, codec = chance.choice(list(ENCODINGS.items()))
            with open(path, "wb") as file:
                file.write(text.encode(codec))
            piece = chance.choice(["1", "3", "65536"])
            rows = json.loads(subprocess.check_output([dump, path, piece, f"csv1 {name} 44 rows 0 0"]))["rows"]
            if any(row["why"] for row in rows):
                if text.count('"') < 1:
                    raise SystemExit(f"bad row without a quote: {text!r}")
                continue
            compared += 1
            if [row["cells"] for row in rows] != python_rows(text):
                raise SystemExit(f"{text!r}: got {rows}, want {python_rows(text)}")
    print(f"{compared} of {count} compared")
    if compared < count // 4:
        raise SystemExit("too few were comparable")


main()
