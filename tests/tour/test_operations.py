"""The steps of docs/operations.md for when something is lost, word by word, one after the other, against a vault in
which people have taken things back."""
import difflib
import os
import pathlib

import blocks
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VALV = os.environ.get('VALV', str(ROOT / 'build/test/src/main/valv'))
BEGIN, END = '## When something is lost', '## Moving and upgrading'

# A machine in a folder: `systemctl` starts and stops the server of $VALV_DATA.
PRELUDE = '''
systemctl() {
	case $1 in
	start)
		rm -f "$FOLDER/ready"
		valv serve --data "$VALV_DATA" --listen 127.0.0.1:0 --ready-file "$FOLDER/ready" >> "$FOLDER/log" 2>&1 &
		server=$!
		for _ in $(seq 600); do
			[ ! -s "$FOLDER/ready" ] || return 0
			kill -0 $server 2> /dev/null || break
			sleep 0.05
		done
		echo 'Job for valv.service failed.' >&2
		return 1 ;;
	stop)
		[ -z "${server-}" ] || { kill $server; wait $server; server=; } ;;
	esac
}
trap '[ -z "${server-}" ] || kill $server' EXIT
'''

BEFORE = '''
export VALV_DATA=/var/lib/valv/vault VALV_ROOT_KEY_FILE=/media/key/root.key
valv init --facts /mnt/facts/valv --company 'Exempel AB' --contact dataskydd@example.com > /dev/null 2>&1
install -m 600 /media/key/root.key /media/copy/root.key
systemctl start valv
consent='"newsletter", "method": "web_form", "language": "sv", "control": "unticked_box"'
contract='"order", "evidence": {"reference": "1"}'
for name in anna bjorn cecilia; do
	[ $name = anna ] && ground=$consent || ground=$contract
	echo '{"values": {"email": "'$name'@example.com"}, "grounds": [{"purpose": '"$ground"'}]}' |
		valv subject create - > "$FOLDER/$name"
done
valv backup --to /mnt/backup/valv --keys-to /mnt/keys/valv > /dev/null
valv subject erase $(cat "$FOLDER/anna") --reason unlawful --yes > /dev/null
valv subject object $(cat "$FOLDER/bjorn") > /dev/null
'''


class Machine:
    def __init__(self, folder):
        self.folder = folder
        for each in ('var/lib/valv', 'mnt/facts', 'mnt/backup', 'mnt/keys', 'media/key', 'media/copy', 'bin', 'tmp'):
            (folder / each).mkdir(parents=True)
        (folder / 'bin/valv').symlink_to(VALV)
        (folder / 'prelude').write_text(PRELUDE)
        self.replace = [(f'/{top}/', f'{folder}/{top}/') for top in ('mnt', 'media')] + [('/var/lib/', f'{folder}/var/lib/')]
        self.env = {'BASH_ENV': str(folder / 'prelude'), 'FOLDER': str(folder), 'TMPDIR': str(folder / 'tmp'),
                    'PATH': f'{folder}/bin:{os.environ["PATH"]}'}

    def here(self, text):
        for old, new in self.replace:
            text = text.replace(old, new)
        return text

    def there(self, text):
        for old, new in reversed(self.replace):
            text = text.replace(new, old)
        return text


def alike(text):
    return [line.replace('\\', '') for line in blocks.alike(text)]


@pytest.fixture
def machine(tmp_path, monkeypatch):
    machine = Machine(tmp_path)
    for name, value in machine.env.items():
        monkeypatch.setenv(name, value)
    return machine


def steps():
    text = (ROOT / 'docs/operations.md').read_text()
    first = blocks.Block(0, BEFORE)
    last = blocks.Block(0, 'valv subject show $(cat "$FOLDER/cecilia") --purpose order\n'
                           'valv subject show $(cat "$FOLDER/anna") --purpose order\n'
                           'valv subject consents $(cat "$FOLDER/bjorn")\n')
    return [first, *blocks.read(text, BEGIN, END), last]


def test_the_steps_do_what_they_say(machine):
    every = steps()
    blocks.run(every, machine.folder, machine.replace, limit=300)
    wrong = []
    for block in every[1:-1]:
        said, printed = alike(block.said or '…'), alike(machine.there(block.printed))
        if not blocks.fits(said, printed):
            wrong += [f'docs/operations.md line {block.line}:',
                      *difflib.unified_diff(said, printed, 'said', 'printed', lineterm='')]
    assert not wrong, '\n'.join(wrong)
    assert not list((machine.folder / 'tmp').iterdir())  # no check left anything
    said = every[-1].printed
    assert 'cecilia@example.com' in said and 'It was erased.' in said and 'objected' in said, said
