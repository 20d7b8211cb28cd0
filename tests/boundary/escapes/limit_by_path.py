# hides: a limit, set by its path
# caught by: source
def test(monkeypatch: object) -> None:
    monkeypatch.setattr("arf_core.constants.MAX_RAG_LOOKBACK_DAYS", 9)
