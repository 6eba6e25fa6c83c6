"""BioCoder's functions on graphs, against networkx."""

import random

import networkx as nx
import pytest

from data_prep.biocoder.contexts.assembly_graphs import spell
from data_prep.biocoder.functions.assembly_graphs import de_bruijn, greedy_assembly, unitigs
from data_prep.biocoder.functions.interaction_networks import _interactions, clustering, hubs, partner_similarity
from data_prep.biocoder.functions.ontologies import _ontology, annotation_counts, specific_terms, term_depths
from data_prep.biocoder.functions.outbreaks import _distances, snp_clusters, spanning_tree
from data_prep.biocoder.functions.pathways import _regulation, feedback_loops, regulation_layers

SEEDS = pytest.mark.parametrize("seed", range(15))


def test_a_genome_without_repeats_is_one_unitig():
    genome = "ACGTTGCATCCA"
    graph = de_bruijn([genome], 4, odd="keep", least=1, weights="none")
    assert unitigs(graph, circles="skip", shortest=0, order="text") == [genome] == [spell(list(dict.fromkeys(
        genome[i : i + 3] for i in range(10))))]  # fmt: skip
    assert greedy_assembly([genome[5:], genome[:7]], 2, tie="first", contained="keep", rest="pieces") == [genome]


def test_a_circle_is_a_unitig_where_it_is_asked_for():
    circle = {"AC": ["CG"], "CG": ["GA"], "GA": ["AC"]}
    assert unitigs(circle, circles="skip", shortest=0, order="text") == []
    assert unitigs(circle, circles="keep", shortest=0, order="text") == ["ACGAC"]


@SEEDS
def test_networks(seed):
    rows = _interactions(random.Random(seed))
    graph = nx.Graph([(a, b) for a, b, _ in rows if a != b])
    degrees = dict(hubs(rows, 99, measure="degree", tie="name", result="scores"))
    assert degrees == dict(graph.degree)
    closeness = nx.closeness_centrality(graph, wf_improved=False)
    assert dict(hubs(rows, 99, measure="closeness", tie="name", result="scores")) == pytest.approx(closeness)
    if graph:
        assert clustering(rows, 0.0, weights="none", mean="all", empty="zero") == pytest.approx(
            nx.average_clustering(graph)
        )
        assert clustering(rows, 0.0, weights="none", mean="pooled", empty="zero") == pytest.approx(
            nx.transitivity(graph)
        )
    for a, b, jaccard in nx.jaccard_coefficient(graph):
        assert partner_similarity(rows, a, b, measure="jaccard", own="without", unknown="none") == pytest.approx(
            jaccard
        )


@SEEDS
def test_spanning_trees_and_single_linkage(seed):
    distances = _distances(random.Random(seed), 3)
    graph = nx.Graph()
    graph.add_weighted_edges_from((a, b, d) for a, row in distances.items() for b, d in row.items())
    tree = spanning_tree(distances, tie="last", longest=0, form="taken")
    assert sum(row[2] for row in tree) == nx.minimum_spanning_tree(graph).size("weight") and len(tree) == len(graph) - 1
    near = nx.Graph()
    near.add_nodes_from(graph)
    near.add_edges_from((a, b) for a, b, d in graph.edges(data="weight") if d <= 4)
    groups = snp_clusters(distances, 4, linkage="single", bound="within", alone="keep", result="groups")
    assert {frozenset(g) for g in groups} == set(map(frozenset, nx.connected_components(near)))


@SEEDS
def test_feedback_loops_are_simple_cycles(seed):
    rows = _regulation(random.Random(seed), 6, 14, 0.5)
    cycles = nx.simple_cycles(nx.DiGraph([row[:2] for row in rows]), length_bound=4)
    found = feedback_loops(rows, 4, sign="any", itself="count", start="first")
    assert len(found) == len({tuple(loop) for loop in found})
    rotated = {tuple(c[c.index(min(c)) :] + c[: c.index(min(c))]) for c in cycles}
    assert {tuple(loop) for loop in found} == rotated


@SEEDS
def test_layers_are_topological_generations(seed):
    rows = [row for row in _regulation(random.Random(seed), 3, 8, 0.0) if row[0] != row[1]]
    layers = regulation_layers(rows, rank="longest", itself="count", cycle="error")
    generations = nx.topological_generations(nx.DiGraph([row[:2] for row in rows]))
    assert layers == {gene: i for i, generation in enumerate(generations) for gene in generation}


@SEEDS
def test_ontologies(seed):
    ontology = _ontology(random.Random(seed))
    graph = nx.DiGraph()
    graph.add_nodes_from(ontology)
    graph.add_edges_from((parent, term) for term, links in ontology.items() for _, parent in links)
    depths = term_depths(ontology, path="longest", links="both", base=0)
    assert depths == {t: i for i, generation in enumerate(nx.topological_generations(graph)) for t in generation}
    genes = {f"g{i}": [term] for i, term in enumerate(ontology)}
    counts = annotation_counts(
        ontology, genes, up="ancestors", links="both", unknown="error", empty="keep", roots="keep"
    )
    assert counts == {term: 1 + len(nx.descendants(graph, term)) for term in ontology}
    leaves = sorted(t for t in graph if not graph.out_degree(t))
    assert (
        specific_terms(ontology, list(ontology), which="lowest", links="both", unknown="skip", order="name") == leaves
    )
