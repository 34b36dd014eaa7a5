"""The explorer with the tests' own training lab: `streamlit run tests/tiny_app.py`."""

from app import app  # noqa: F401
from tests.tiny_training import register

register()
