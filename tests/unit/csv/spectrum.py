"""The npm package csv-spectrum: twelve CSV files, each with the JSON that it means.

    spectrum.py CSV_DUMP DIRECTORY

Every file goes through csv_dump at several piece sizes.  77 (skipped) when the package is not there.
"""
import json
import pathlib
import subprocess
import sys

# Where we differ on purpose, or the package contradicts itself: name, what we expect, why.
EXCEPTIONS = {
    "location_coordinates": (
        [{
            "Contact Phone Number": "2095257564",
            "Location Coordinates": "37\ufffd36'37.8\"N 121\ufffd2'17.9\"W",
            "Cities": "Modesto",
            "Counties": "Stanislaus",
        }],
        "its JSON is an object, not an array, and has another phone number than its CSV;"
        " the stray quotes in unquoted cells are text, as the JSON also says",
    ),
}


def read(dump, path, piece):
    rows = json.loads(subprocess.check_output([dump, path, str(piece)]))["rows"]
    bad = [row["why"] for row in rows if row["why"]]
    if bad:
        raise SystemExit(f"{path}: {bad}")
    header, *rest = [row["cells"] for row in rows]
    return [dict(zip(header, cells, strict=True)) for cells in rest]


def main():
    dump, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    files = sorted(directory.glob("csvs/*.csv"))
    if not files:
        print(f"csv-spectrum is not in {directory}")
        return 77
    if len(files) < 12:
        raise SystemExit(f"only {len(files)} files in {directory}")
    failed = 0
    for path in files:
        name = path.stem
        want = json.loads((directory / "json" / f"{name}.json").read_text("utf-8"))
        if name in EXCEPTIONS:
            want = EXCEPTIONS[name][0]
        for piece in (1, 2, 7, 65536):
            got = read(dump, path, piece)
            if got != want:
                failed += 1
                print(f"{name}, pieces of {piece}: got {got}, want {want}")
    print(f"{len(files)} files, {len(EXCEPTIONS)} exception(s), {failed} failed")
    return 1 if failed else 0


sys.exit(main())
