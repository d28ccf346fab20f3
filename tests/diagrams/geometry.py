"""What can be wrong with the geometry of a drawing, found from its shapes alone. Imports no painter of ours."""

from __future__ import annotations

from itertools import combinations

from attnlab.diagrams._shapes import Arrow, Box, Brace, Group, Label, Matrix
from attnlab.diagrams._words import looks, script, spans, width

SLACK = 0.5  # pixels


def rectangle(shape) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    if isinstance(shape, Label):
        return shape.room
    return shape.x, shape.y, shape.x + shape.w, shape.y + shape.h


def overlap(a, b) -> bool:
    (l, t, r, d), (left, top, right, down) = a, b
    return l < right - SLACK and left < r - SLACK and t < down - SLACK and top < d - SLACK


def inside(a, b) -> bool:
    """Whether the rectangle a lies in b."""
    return a[0] >= b[0] - SLACK and a[1] >= b[1] - SLACK and a[2] <= b[2] + SLACK and a[3] <= b[3] + SLACK


def overlapping(shapes) -> list[str]:
    """Boxes, matrices and labels that overlap each other, or cross the border or the title of a group."""
    solid = [shape for shape in shapes if isinstance(shape, Box | Matrix | Label)]
    frames = [shape for shape in shapes if isinstance(shape, Group)]
    found = [f"{a} | {b}" for a, b in combinations(solid, 2) if overlap(rectangle(a), rectangle(b))]
    for frame in frames:
        edge, title = rectangle(frame), title_room(frame)
        found += [f"{a} leaves {frame}" for a in solid if overlap(rectangle(a), edge) and not inside(rectangle(a), edge)]
        found += [
            f"{a} on the title of {frame}"
            for a in [*solid, *frames]
            if a != frame and title and overlap(rectangle(a), title) and not (a in frames and inside(edge, rectangle(a)))
        ]
    for a, b in combinations(frames, 2):
        one, other = rectangle(a), rectangle(b)
        if overlap(one, other) and not inside(one, other) and not inside(other, one):
            found.append(f"{a} | {b}")
    return found


def title_room(frame: Group):
    if not frame.title:
        return None
    return frame.x + 14, frame.y + 8, frame.x + 14 + width(f"# {frame.title}", 15.0), frame.y + 28


def lines(shape) -> list[tuple[str, float]]:
    """Every line of text of a shape, with its type size."""
    if isinstance(shape, Box):
        return [(line, looks(line, shape.size)[1]) for line in shape.lines]
    if isinstance(shape, Label):
        return [(shape.line, looks(shape.line, shape.size)[1])]
    if isinstance(shape, Group):
        return [(f"# {shape.title}", 15.0)] if shape.title else []
    if isinstance(shape, Matrix):
        return [(word, 15.0) for row in shape.words for word in row if word]
    return []


def too_long(shapes) -> list[str]:
    """Lines wider than the box, group or cell they stand in, and boxes too low for their lines."""
    found = []
    for shape in shapes:
        room = shape.cell if isinstance(shape, Matrix) else 0 if isinstance(shape, Arrow | Brace | Label) else shape.w
        pad = 2 if isinstance(shape, Matrix) else 28 if isinstance(shape, Group) else 8
        if not isinstance(shape, Label):
            found += [
                f"{line!r}: {width(line, size):.0f} in {room}" for line, size in lines(shape) if width(line, size) > room - pad
            ]
        if isinstance(shape, Box) and 1.3 * sum(size for _, size in lines(shape)) > shape.h:
            found.append(f"{shape.lines} are higher than {shape.h}")
    return found


def outside(shapes, across: float, high: float) -> list[str]:
    """Shapes that leave the drawing."""
    found = []
    for shape in shapes:
        rooms = [(*p, *p) for p in shape.points] if isinstance(shape, Arrow) else []
        rooms = [(shape.x, shape.y, shape.x + shape.w, shape.y + 10)] if isinstance(shape, Brace) else rooms or [rectangle(shape)]
        found += [str(shape) for room in rooms if not inside(room, (1, 1, across - 1, high - 1))]
    return found


def smallest(shapes) -> float:
    """The smallest type size, subscripts included."""
    return min(
        script(size) if span.level else size
        for shape in shapes
        for line, size in lines(shape)
        for span in spans(looks(line, size)[0])
    )


def on_border(point, shape) -> bool:
    (x, y), (left, top, right, bottom) = point, rectangle(shape)
    near = left - SLACK <= x <= right + SLACK and top - SLACK <= y <= bottom + SLACK
    return near and min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) <= SLACK


def pieces(arrow: Arrow):
    return list(zip(arrow.points, arrow.points[1:]))


def loose(shapes) -> list[str]:
    """Arrows that do not begin and end at the border of a box, a matrix or a group, or are too short to be seen."""
    framed = [shape for shape in shapes if isinstance(shape, Box | Matrix | Group)]
    found = []
    for arrow in (shape for shape in shapes if isinstance(shape, Arrow)):
        found += [
            f"{arrow} is loose at {end}"
            for end in (arrow.points[0], arrow.points[-1])
            if not any(on_border(end, f) for f in framed)
        ]
        (a, b), (c, d) = pieces(arrow)[-1]
        if abs(a - c) + abs(b - d) < 12:
            found.append(f"{arrow} ends with less than its head")
    return found


def _room(piece) -> tuple[float, float, float, float]:
    (a, b), (c, d) = piece
    return min(a, c) - 1, min(b, d) - 1, max(a, c) + 1, max(b, d) + 1


def slanted(shapes) -> list[str]:
    """Pieces of arrows that run neither along a row nor along a column."""
    return [
        str(arrow)
        for arrow in shapes
        if isinstance(arrow, Arrow)
        for (a, b), (c, d) in pieces(arrow)
        if abs(a - c) > SLACK and abs(b - d) > SLACK
    ]


def struck(shapes) -> list[str]:
    """Boxes, matrices and labels that an arrow runs through, and titles of groups."""
    found, arrows = [], [shape for shape in shapes if isinstance(shape, Arrow)]
    for shape in shapes:
        if isinstance(shape, Arrow | Brace):
            continue
        room = title_room(shape) if isinstance(shape, Group) else rectangle(shape)
        if room:
            inner = (room[0] + 1, room[1] + 1, room[2] - 1, room[3] - 1)
            found += [f"{arrow} | {shape}" for arrow in arrows for piece in pieces(arrow) if overlap(_room(piece), inner)]
    return found


def crossing(shapes) -> list[str]:
    """Arrows that cross. Those that start at one place may share the first part of their way, those that end at one the last."""
    found = []
    for one, other in combinations([shape for shape in shapes if isinstance(shape, Arrow)], 2):
        if one.points[0] == other.points[0] or one.points[-1] == other.points[-1]:
            continue
        found += [f"{one} | {other}" for a in pieces(one) for b in pieces(other) if overlap(_room(a), _room(b))]
    return found
