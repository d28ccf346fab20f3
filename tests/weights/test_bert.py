"""Names of BERT's parts: all of them, in new files and old ones, and those that are none."""

from __future__ import annotations

import pytest
import torch

from attnlab.models import bert
from attnlab.weights.bert import from_transformers

transformers = pytest.importorskip("transformers")
SIZES = transformers.BertConfig(vocab_size=13, max_position_embeddings=7, hidden_size=6, num_attention_heads=3, num_hidden_layers=2, intermediate_size=11)
OURS = bert.Config(13, 7, 6, 3, 2, 11)


def test_every_part_of_both_models_has_its_place():
    for theirs in (transformers.BertModel(SIZES), transformers.BertForMaskedLM(SIZES)):
        parts = from_transformers(theirs.state_dict())
        bert.Bert(OURS).load_state_dict(parts.bert)
        if parts.pooler:
            bert.Pooler(6).load_state_dict(parts.pooler)
        else:
            bert.WordHead(OURS).load_state_dict(parts.head)
        assert sum(x.numel() for part in parts for x in part.values()) == sum(p.numel() for p in theirs.parameters())


def test_old_files_call_gain_and_bias_gamma_and_beta():
    state = transformers.BertModel(SIZES).state_dict()
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): x for name, x in state.items()}
    assert old.keys() != state.keys()
    new = from_transformers(state).bert
    assert all(torch.equal(x, new[name]) for name, x in from_transformers(old).bert.items()) and len(new) == 37


def test_what_is_no_part_of_bert_is_named():
    with pytest.raises(KeyError, match="'encoder.layer.0.attention.self.gate.weight' is no part of BERT"):
        from_transformers({"bert.encoder.layer.0.attention.self.gate.weight": torch.zeros(1)})
    with pytest.raises(KeyError, match="'decoder.layer.0.output.dense.bias' is no part of BERT"):
        from_transformers({"decoder.layer.0.output.dense.bias": torch.zeros(1)})


def test_a_head_with_a_table_of_its_own_is_refused():
    state = dict(transformers.BertForMaskedLM(SIZES).state_dict())
    state["cls.predictions.decoder.weight"] = state["cls.predictions.decoder.weight"] + 1
    with pytest.raises(ValueError, match="a table of its own"):
        from_transformers(state)
