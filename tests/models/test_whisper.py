"""Whisper in our blocks: equal to the transformers library on the same weights, cached or not; the published file if installed."""

from __future__ import annotations

import pytest
import torch

from attnlab.models.whisper import Config, Whisper
from attnlab.weights import whisper as weights

transformers = pytest.importorskip("transformers")
SMALL = Config(vocab_size=53, n_frequencies=7, n_frames=11, max_len=13, d_model=12, n_heads=3, n_layers=2)


def theirs_of(config: Config):
    sizes = transformers.WhisperConfig(
        vocab_size=config.vocab_size, num_mel_bins=config.n_frequencies, max_source_positions=config.n_frames,
        max_target_positions=config.max_len, d_model=config.d_model, encoder_layers=config.n_layers, decoder_layers=config.n_layers,
        encoder_attention_heads=config.n_heads, decoder_attention_heads=config.n_heads, encoder_ffn_dim=config.d_ff,
        decoder_ffn_dim=config.d_ff, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)  # fmt: skip
    torch.manual_seed(0)
    model = transformers.WhisperModel(sizes).double().eval()
    for part in model.parameters():
        torch.nn.init.normal_(part, std=0.2)
    return model


@pytest.fixture(scope="module")
def pair():
    theirs = theirs_of(SMALL)
    ours = Whisper(SMALL).double()
    ours.load_state_dict(weights.from_transformers(theirs.state_dict()))
    return ours, theirs


def given(config: Config, batch: int = 2, n: int = 5):
    torch.manual_seed(1)
    return torch.randn(batch, config.n_frequencies, 2 * config.n_frames).double(), torch.randint(3, config.vocab_size, (batch, n))


def test_states_equal_those_of_the_transformers_library(pair):
    ours, theirs = pair
    sound, tokens = given(SMALL)
    with torch.no_grad():
        out = theirs(input_features=sound, decoder_input_ids=tokens)
        memory = ours.encode(sound)
        torch.testing.assert_close(memory, out.encoder_last_hidden_state, atol=1e-12, rtol=0)
        torch.testing.assert_close(ours.decode(tokens, memory), out.last_hidden_state, atol=1e-12, rtol=0)


def test_cached_steps_equal_the_whole(pair):
    ours, _ = pair
    sound, tokens = given(SMALL)
    with torch.no_grad():
        memory, cache = ours.encode(sound), ours.start_cache()
        parts = [ours.decode(part, memory, cache) for part in tokens.split([2, 1, 2], dim=1)]
        torch.testing.assert_close(torch.cat(parts, dim=1), ours.decode(tokens, memory), atol=1e-12, rtol=0)


def test_logits_are_products_with_the_table_and_the_last_frame_reaches_the_first_token(pair):
    ours, _ = pair
    sound, tokens = given(SMALL)
    with torch.no_grad():
        logits = ours(sound, tokens)
        assert logits.shape == (2, 5, 53) and torch.equal(logits, ours.decode(tokens, ours.encode(sound)) @ ours.table.T)
        sound[0, :, -1] += 1
        moved = (ours(sound, tokens) - logits).abs().amax(dim=(1, 2))
    assert moved[0] > 1e-6 and moved[1] == 0


def test_what_does_not_fit_is_told():
    model = Whisper(SMALL)
    with pytest.raises(ValueError, match="the sound has 21 columns but 11 frames need twice as many"):
        model.encode(torch.zeros(1, 7, 21))
    with pytest.raises(ValueError, match="there are 14 tokens but max_len = 13"):
        model.decode(torch.zeros(1, 14, dtype=torch.long), torch.zeros(1, 11, 12))
    with pytest.raises(ValueError, match="n_heads"):
        Config(n_heads=0)
    with pytest.raises(KeyError, match="is no part of Whisper"):
        weights.from_transformers({"encoder.layers.0.gate.weight": torch.zeros(1)})


def test_tiny_en_has_as_many_parameters_as_the_library_s_model_and_the_biases_of_the_keys():
    with torch.device("meta"):
        ours, theirs = Whisper(), theirs_on_meta()
    count = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
    assert count == [37_764_864, 37_760_256] and count[0] - count[1] == 384 * 4 * 3


def theirs_on_meta():
    sizes = transformers.WhisperConfig(vocab_size=51864, d_model=384, encoder_layers=4, decoder_layers=4, encoder_attention_heads=6,
                                       decoder_attention_heads=6, encoder_ffn_dim=1536, decoder_ffn_dim=1536)  # fmt: skip
    return transformers.WhisperModel(sizes)
