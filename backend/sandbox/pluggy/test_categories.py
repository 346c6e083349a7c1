"""The category tree is consistent."""

from .categories import CATEGORIES, name_of
from .spending import BANK, CARD


def test_every_parent_exists_and_every_id_has_eight_digits():
    for key, category in CATEGORIES.items():
        assert len(key) == 8
        assert key.isdigit()
        assert category["parentId"] is None or category["parentId"] in CATEGORIES
        assert category["description"]
        assert category["descriptionTranslated"]


def test_a_category_of_the_third_level_has_a_parent_of_the_second():
    assert CATEGORIES["02030001"]["parentId"] == "02030000"
    assert CATEGORIES["02030000"]["parentId"] == "02000000"
    assert CATEGORIES["02000000"]["parentId"] is None


def test_every_template_has_a_category_that_exists():
    assert all(name_of(template.category) for template in (*BANK, *CARD))
