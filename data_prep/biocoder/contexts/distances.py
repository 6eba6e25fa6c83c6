"""Trees from distances: checked matrices, clusters, Newick text. A matrix is a list of rows in the order of the names."""


def check(names: list[str], matrix: list[list[float]]) -> None:
    """Raise a ValueError when the matrix is not square, of the names' number, symmetric, and 0 on the diagonal."""
    n = len(names)
    if len(matrix) != n or any(len(row) != n for row in matrix):
        raise ValueError("the matrix is not square")
    if any(matrix[i][i] for i in range(n)) or any(matrix[i][j] != matrix[j][i] for i in range(n) for j in range(i)):
        raise ValueError("the matrix is not symmetric with 0 on the diagonal")


def pairs(n: int) -> list[tuple[int, int]]:
    """(i, j) with i < j, by i and then by j."""
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def branch(text: str, length: float) -> str:
    """The Newick text of a subtree with the branch above it."""
    return f"{text}:{length:.3f}"


def row_sums(matrix: list[list[float]]) -> list[float]:
    """The sum of each row."""
    return [sum(row) for row in matrix]
