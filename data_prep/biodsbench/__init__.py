"""BioDSBench: analyses of cancer studies, the answer being named variables. Generated studies, or the published tasks."""

from data_prep.biodsbench.build import build as build
