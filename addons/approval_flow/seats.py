"""Who can still be found when nobody may decide twice: a small matching problem."""


def assign(demands):
    """Give each demand as many people as it needs, each person to one demand only.

    :param demands: list of ``(people, count)``; the first people are preferred
    :return: ``{person: index of the demand}``, or None if it is not possible
    """
    holder = {}

    def place(index, tried):
        for person in demands[index][0]:
            if person in tried:
                continue
            tried.add(person)
            if person not in holder or place(holder[person], tried):
                holder[person] = index
                return True
        return False

    for index, (_people, count) in enumerate(demands):
        for _seat in range(count):
            if not place(index, set()):
                return None
    return holder


def first_unmet(demands):
    """Return the index of the first demand that cannot be met, or None."""
    for index in range(len(demands)):
        if assign(demands[: index + 1]) is None:
            return index
    return None


def leave_enough(people, needed, rest):
    """Return those of ``people`` who may decide without starving other demands.

    :param list people: who could decide now
    :param int needed: how many of them will decide
    :param rest: the other demands, see :func:`assign`
    """
    if not rest or assign(rest) is None:
        return people  # nothing to protect, or lost already

    def without(gone):
        return [
            ([person for person in others if person not in gone], count)
            for others, count in rest
        ]

    if assign(without(people)) is not None:
        return people
    if needed == 1:
        return [one for one in people if assign(without([one])) is not None] or people
    own = len(rest)
    sorted_rest = [
        (sorted(others, key=lambda person: person in people), count)
        for others, count in rest
    ]
    holder = assign([*sorted_rest, (people, needed)])
    if holder is None:
        return people
    return [person for person in people if holder.get(person, own) == own]
