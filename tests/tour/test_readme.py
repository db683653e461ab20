"""The tour in README.md, word for word, against a fresh demo vault."""
import difflib
import os
import pathlib
import subprocess
import time

import blocks

ROOT = pathlib.Path(__file__).resolve().parents[2]
VALV = os.environ.get('VALV', str(ROOT / 'build/test/src/main/valv'))
BEGIN, END = '## A tour', '## Five promises, and how each is kept today'
ADDRESS = 'http://127.0.0.1:8400'


def serve(folder):
    ready = folder / 'ready'
    with (folder / 'log').open('wb') as log:
        process = subprocess.Popen([VALV, 'serve', '--demo', '--data', './valv-data', '--listen', '127.0.0.1:0',
                                    '--ready-file', str(ready)], cwd=folder, stdout=log, stderr=log)
    until = time.monotonic() + 60
    while not ready.exists() or not ready.read_text().strip():
        assert process.poll() is None and time.monotonic() < until, (folder / 'log').read_text()
        time.sleep(0.02)
    return process, ready.read_text().strip()


def run_tour(folder):
    """As after ./run: the program stands where the tour says, the vault beside it."""
    program = folder / 'build/run/src/main'
    program.mkdir(parents=True)
    (program / 'valv').symlink_to(VALV)
    tour = blocks.read((ROOT / 'README.md').read_text(), BEGIN, END)
    process, url = serve(folder)
    try:
        blocks.run(tour, folder, [(ADDRESS, url)])
    finally:
        process.terminate()
        status = process.wait(30)
    assert status == 0, (folder / 'log').read_text()
    return tour


def write(tour, folder):
    """VALV_GOLDEN=write: what was printed goes into the README, so that its numbers are those of one run;
    look at the difference."""
    text = (ROOT / 'README.md').read_text()
    for block in tour:
        if block.said and '…' not in block.said:
            assert text.count(f'```text\n{block.said}```') == 1
            printed = block.printed.replace(str(folder), '/home/you/valv').rstrip('\n')
            printed = ''.join(f'{line.rstrip()}\n' for line in printed.split('\n'))
            text = text.replace(f'```text\n{block.said}```', f'```text\n{printed}```')
    (ROOT / 'README.md').write_text(text)


def test_the_tour_prints_what_it_says(tmp_path):
    tour = run_tour(tmp_path)
    if os.environ.get('VALV_GOLDEN') == 'write':
        write(tour, tmp_path)
    wrong = []
    for block in tour:
        said, printed = blocks.alike(block.said or ''), blocks.alike(block.printed)
        if not blocks.fits(said, printed):
            wrong += [f'README.md line {block.line}:', *difflib.unified_diff(said, printed, 'said', 'printed', lineterm='')]
    assert not wrong, '\n'.join(wrong)
