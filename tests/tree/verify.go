// Verifies a copy of Valv's audit tree with code that is not Valv's: golang.org/x/mod/sumdb/note and tlog.
//
//	verify KEY DIR [EARLIER...] [witness=KEY...]
//
// KEY is the verifier key.  DIR holds what the server gave out: checkpoint, tile/L/N, tile/entries/N and proofs
// (*.tlog-proof).  EARLIER are checkpoints of the same log that were kept: each must be a beginning of this one.  The
// checkpoint must bear the cosignature of each witness that is named (C2SP tlog-cosignature, which note does not know).
//
// tlog knows tiles as tile/8/L/N, and its own first line of a checkpoint; both are translated here.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func die(format string, values ...interface{}) {
	fmt.Fprintf(os.Stderr, "verify: "+format+"\n", values...)
	os.Exit(1)
}

// A witness, as note wants to see one.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	second := binary.BigEndian.Uint64(signature)
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", second, text)
	return second > 0 && ed25519.Verify(w.key, []byte(message), signature[8:])
}

func newWitness(vkey string) *witness {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		die("%s: no verifier key", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		die("%s: no key of type 4", vkey)
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		die("%s: not the id of the key", vkey)
	}
	return &witness{parts[0], hash, key[1:]}
}

// Those who must have cosigned.
var witnesses []*witness

func cosigned(name string, opened *note.Note) {
	for _, w := range witnesses {
		found := false
		for _, signature := range opened.Sigs {
			found = found || (signature.Name == w.name && signature.Hash == w.hash)
		}
		if !found {
			die("%s: not cosigned by %s", name, w.name)
		}
	}
}

// The three lines of a checkpoint whose signature by the key holds, and those of the witnesses.
func checkpoint(name string, text []byte, verifiers note.Verifiers) (string, tlog.Tree) {
	opened, err := note.Open(text, verifiers)
	if err != nil {
		die("%s: %v", name, err)
	}
	if name == "checkpoint" {
		cosigned(name, opened)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		die("%s: not three lines", name)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		die("%s: size %q", name, lines[1])
	}
	hash, err := tlog.ParseHash(lines[2])
	if err != nil {
		die("%s: %v", name, err)
	}
	return lines[0], tlog.Tree{N: size, Hash: hash}
}

// Tiles from the folder.  That they are right is tlog's business: it authenticates each against the tree.
type folder struct{ dir string }

func (f folder) Height() int                             { return height }
func (f folder) SaveTiles(tiles []tlog.Tile, b [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (f folder) read(tile tlog.Tile) ([]byte, error) {
	path := func(tile tlog.Tile) string {
		return filepath.Join(f.dir, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
	}
	return os.ReadFile(path(tile))
}

// The entries of all bundles, in order.
func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: height, L: 0, N: n, W: 256}
		if size-n*256 < 256 {
			tile.W = int(size - n*256)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			die("%v", err)
		}
		for i := 0; i < tile.W; i++ {
			if len(data) < 2 || len(data) < 2+int(data[0])<<8+int(data[1]) {
				die("%s ends before its entry %d", path, i)
			}
			length := int(data[0])<<8 + int(data[1])
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
		if len(data) > 0 {
			die("%s is longer than its entries", path)
		}
	}
	return all
}

// The root, from the entries alone.
func root(all [][]byte) tlog.Hash {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var list []tlog.Hash
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	for n, entry := range all {
		more, err := tlog.StoredHashes(int64(n), entry, reader)
		if err != nil {
			die("%v", err)
		}
		stored = append(stored, more...)
	}
	hash, err := tlog.TreeHash(int64(len(all)), reader)
	if err != nil {
		die("%v", err)
	}
	return hash
}

func proof(name string, verifiers note.Verifiers) {
	text, err := os.ReadFile(name)
	if err != nil {
		die("%v", err)
	}
	parts := strings.SplitN(string(text), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		die("%s: no proof", name)
	}
	leaf, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		die("%s: %v", name, err)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		die("%s: %v", name, err)
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			die("%s: %v", name, err)
		}
		path = append(path, hash)
	}
	_, tree := checkpoint(name, []byte(parts[1]), verifiers)
	if err := tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(leaf)); err != nil {
		die("%s: %v", name, err)
	}
}

func main() {
	if len(os.Args) < 3 {
		die("usage: verify KEY DIR [EARLIER...]")
	}
	verifier, err := note.NewVerifier(os.Args[1])
	if err != nil {
		die("key: %v", err)
	}
	list, dir, kept := []note.Verifier{verifier}, os.Args[2], []string{}
	for _, word := range os.Args[3:] {
		if vkey := strings.TrimPrefix(word, "witness="); vkey != word {
			w := newWitness(vkey)
			witnesses, list = append(witnesses, w), append(list, w)
		} else {
			kept = append(kept, word)
		}
	}
	verifiers := note.VerifierList(list...)
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		die("%v", err)
	}
	origin, tree := checkpoint("checkpoint", text, verifiers)
	all := entries(dir, tree.N)
	if root(all) != tree.Hash {
		die("the entries do not give the root that was signed")
	}
	reader := tlog.TileHashReader(tree, folder{dir})
	for n, entry := range all {
		path, err := tlog.ProveRecord(tree.N, int64(n), reader)
		if err != nil {
			die("entry %d: %v", n, err)
		}
		if err := tlog.CheckRecord(path, tree.N, tree.Hash, int64(n), tlog.RecordHash(entry)); err != nil {
			die("entry %d: %v", n, err)
		}
	}
	for _, name := range kept {
		text, err := os.ReadFile(name)
		if err != nil {
			die("%v", err)
		}
		of, earlier := checkpoint(name, text, verifiers)
		if of != origin || earlier.N > tree.N {
			die("%s: of another log, or the log was cut", name)
		}
		path, err := tlog.ProveTree(tree.N, earlier.N, reader)
		if err != nil {
			die("%s: %v", name, err)
		}
		if err := tlog.CheckTree(path, tree.N, tree.Hash, earlier.N, earlier.Hash); err != nil {
			die("%s: %v", name, err)
		}
	}
	proofs, _ := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	for _, name := range proofs {
		proof(name, verifiers)
	}
	fmt.Printf("%d entries, %d earlier checkpoints, %d proofs\n", tree.N, len(kept), len(proofs))
}
