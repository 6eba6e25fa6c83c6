"""The sampler: order, repeated tasks, counts."""


def test_a_task_that_comes_twice_gets_further_samples(sampler, tasks, teacher):
    groups = sampler.sample([tasks[0], tasks[1], tasks[0]], teacher(), samples=2, seed=10)
    assert [g.task_id for g in groups] == [tasks[0].id, tasks[1].id, tasks[0].id]
    assert [[e.seed for e in g.episodes] for g in groups] == [[10, 11], [10, 11], [12, 13]]
    assert len({e.key for g in groups for e in g.episodes}) == 6
    assert sampler.report.episodes == 6 and sum(sampler.report.stops.values()) == 6
