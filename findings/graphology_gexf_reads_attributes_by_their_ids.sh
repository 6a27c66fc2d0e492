#!/usr/bin/env bash
# graphology-gexf 0.13.2, titles of attributes in GEXF files (Gephi Lite and Sigma read by it).
#
# A GEXF file declares an attribute with an id, by which values refer to it, and a title, which is its
# name. The parser takes the title if the id is a number, as Gephi writes it, and the id for all
# others: a file with id="a1" title="age" has an attribute a1. Two writers of one table thus give
# graphs with different names of columns, both from valid files.
#
# Seen (one node, the title is "age" in both):
#   id "0"    { label: 'n', age: 31 }
#   id "a1"   { label: 'n', a1: 31 }
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund graphology@0.26.0 graphology-types@0.24.8 graphology-gexf@0.13.2 >/dev/null
node - <<'NODE'
const Graph = require('graphology');
const gexf = require('graphology-gexf');
const assert = require('assert');
const found = ['0', 'a1'].map((id) => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
  <gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="undirected">
  <attributes class="node"><attribute id="${id}" title="age" type="integer"/></attributes>
  <nodes><node id="n" label="n"><attvalues><attvalue for="${id}" value="31"/></attvalues></node></nodes>
  <edges/></graph></gexf>`;
  const values = gexf.parse(Graph, text).getNodeAttributes('n');
  console.log(`id "${id}"`.padEnd(10), values);
  return values;
});
assert.deepStrictEqual({ ...found[0] }, { label: 'n', age: 31 }, 'changed');
assert.deepStrictEqual({ ...found[1] }, { label: 'n', a1: 31 }, 'changed');
console.log('as described');
NODE
