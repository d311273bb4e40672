/**
 * Drain (He, Zhu, Zheng, Lyu: "Drain: An Online Log Parsing Approach with Fixed Depth Tree", 2017):
 * lines are grouped as they come, each by a walk of fixed length down a tree and a look at the few
 * groups at its end.
 *
 *     root ─ shape ─ first word ─ clusters
 *
 * The paper's first level is the number of tokens; ours is the shape (tokens.ts), which tells more and
 * makes patterns exact. A word that is a number goes the way of `*`, and so do all words of a node that
 * has too many. A line joins the cluster that it is most similar to, if it is similar enough.
 */
import { Cluster, type Line } from "./cluster.ts";
import { Counts } from "./counts.ts";
import type { Tokens } from "./tokens.ts";

/** The part of a line's words that a cluster must have, too. The paper's choices lie between 0.3 and 0.6. */
const SIMILAR_MIN = 0.4;
/** Words that a node tells apart. */
const CHILDREN_MAX = 32;
/** Clusters at the end of one walk; the most similar takes in what would be one more. */
const LEAF_MAX = 32;
/** Words on the way: the second is often a name already. */
const DEPTH = 1;

/** Stands for every word that has no way of its own. */
const ANY = 0x1_0000_0000;

interface Node {
  readonly children: Map<number, Node>;
  readonly clusters: Cluster[];
}

export interface DrainOptions {
  /** Buckets of counts that a cluster keeps. */
  readonly bucketsMax: number;
}

export class Drain {
  readonly #root: Node = newNode();
  readonly #options: DrainOptions;
  #count = 0;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Takes a line in, whose tokens have been read. */
  add(read: Tokens, text: Uint8Array, line: Line): Added {
    const leaf = this.#leafOf(read);
    let best: Cluster | undefined;
    let similarity = -1;
    for (const cluster of leaf.clusters) {
      const own = cluster.similarity(read);
      if (own <= similarity || !cluster.isSameShape(read, text, line)) continue;
      best = cluster;
      similarity = own;
      if (own === 1) break;
    }
    const isFull = leaf.clusters.length >= LEAF_MAX;
    if (best !== undefined && (similarity >= SIMILAR_MIN || isFull)) {
      best.join(read, text);
      return { cluster: best, isNew: false };
    }
    const cluster = new Cluster(read, text, line, new Counts(this.#options.bucketsMax));
    leaf.clusters.push(cluster);
    this.#count++;
    return { cluster, isNew: true };
  }

  *clusters(): Generator<Cluster> {
    yield* clustersBelow(this.#root);
  }

  /** Lets go of clusters, and of the nodes that led to nothing else. */
  remove(isGone: (cluster: Cluster) => boolean): void {
    this.#count = prune(this.#root, isGone);
  }

  #leafOf(read: Tokens): Node {
    let node = childOf(this.#root, read.shape, Number.POSITIVE_INFINITY);
    for (let depth = 0; depth < DEPTH; depth++) {
      const isWord = depth < read.count && read.masked[depth] === 0;
      node = childOf(node, isWord ? read.hashes[depth]! : ANY, CHILDREN_MAX);
    }
    return node;
  }
}

export interface Added {
  readonly cluster: Cluster;
  readonly isNew: boolean;
}

function newNode(): Node {
  return { children: new Map(), clusters: [] };
}

function childOf({ children }: Node, key: number, childrenMax: number): Node {
  const known = children.get(key);
  if (known !== undefined) return known;
  if (key !== ANY && children.size >= childrenMax) {
    return childOf({ children, clusters: [] }, ANY, Number.POSITIVE_INFINITY);
  }
  const child = newNode();
  children.set(key, child);
  return child;
}

function* clustersBelow({ clusters, children }: Node): Generator<Cluster> {
  yield* clusters;
  for (const child of children.values()) yield* clustersBelow(child);
}

/** Clusters that are left below a node. */
function prune(node: Node, isGone: (cluster: Cluster) => boolean): number {
  const kept = node.clusters.filter((cluster) => !isGone(cluster));
  node.clusters.splice(0, node.clusters.length, ...kept);
  let count = kept.length;
  for (const [key, child] of node.children) {
    const below = prune(child, isGone);
    if (below === 0) node.children.delete(key);
    count += below;
  }
  return count;
}
