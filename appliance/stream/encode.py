"""One transcode: decode, resample, cut to length, encode. Runs in a worker process and nowhere else.

The source is an open file and nothing else is reachable from it: the demuxers are those of audio files, every
protocol is refused, so that a playlist or a reference inside a media file opens nothing. Pictures and video beside
the sound are not looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, BinaryIO, Final, Protocol

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

from appliance.stream.messages import Recipe

#: libavformat's names for what a scan brings in (docs/scanning.md), ``iff`` being DSDIFF's. Not one of them opens a
#: second file: no hls, dash, concat, sdp, image sequences.
_DEMUXERS: Final = "aac,aiff,ape,asf,dsf,flac,iff,matroska,mov,mp3,mpc,mpc8,ogg,tta,wav,w64,wv"
#: Tags that are no text are none of our business. PyAV 18 raises for them unless it is told so; 19 has no such option.
_TAGS_AS_THEY_ARE: Final[dict[str, Any]] = (
    {} if int(av.__version__.split(".")[0]) >= 19 else {"metadata_errors": "replace"}
)
#: Packets of a WAV file in which DTS is looked for: each of them is tried on every demuxer, and the default of 32 takes
#: longer than all else before the first byte. DTS shows in the first one that is not silent.
_PROBED_PACKETS: Final = "4"
_READ_BYTES: Final = 256 * 1024
_WRITE_BYTES: Final = 32 * 1024
#: Seek this much before the wanted place: decoders need a run-up (MP3's bit reservoir, 80 ms of Opus).
_RUN_UP: Final = Fraction(1, 2)
_SECONDS: Final = 1_000_000
"""libav's global time base."""
#: So much silence at the end makes up for what headers and decoders count differently: this many seconds, or one part
#: in so many. Where more is missing it is music, and a header's claim is no reason to write silence for days.
_FILLED_SECONDS: Final = 5
_FILLED_PART: Final = 100

_LOSSY: Final = {
    "opus": ("libopus", "ogg", "flt"),
    "mp3": ("libmp3lame", "mp3", "fltp"),
    "aac": ("aac", "adts", "fltp"),
}
"""Encoder, muxer and sample format."""
_MUXER_OPTIONS: Final = {
    # Written once and in order: no counts that would be known at the end only, no random serial number, no version.
    "mp3": {"write_xing": "0", "id3v2_version": "0"},
    "ogg": {"page_duration": "1000000"},
}
_FLAC_MAX_CHANNELS: Final = 8
_FLOAT_PCM: Final = ("pcm_f32", "pcm_f64", "wavpack")


class Unreadable(Exception):
    """The source is not what it claims to be; the message is a sentence."""


class Sink(Protocol):
    """Takes the result in order; it cannot be asked to go back, so what is written never changes."""

    def write(self, data: bytes) -> int: ...


class Advanced(Protocol):
    """Told how far the encoder is. May raise to end the transcode."""

    def __call__(self, position_ms: int, /) -> None: ...


class Differences:
    """How the source's length differed from the recipe's, in milliseconds."""

    def __init__(self) -> None:
        self.silence_ms = 0
        self.surplus_ms = 0


def transcode(source: BinaryIO, sink: Sink, recipe: Recipe, advanced: Advanced) -> Differences:
    """Write what ``recipe`` makes of ``source``. Raises ``Unreadable``, and what ``sink`` and ``advanced`` raise.

    ``MemoryError`` (libav's own is one) says nothing of the source: the process has come to its limit.
    """
    with _open(source) as container:
        stream = _sound(container)
        reader = _Reader(container, stream, recipe.offset_ms, lambda: advanced(0))
        frames = reader.frames()
        first = next(frames, None)
        if first is None and not recipe.samples:
            raise Unreadable("It ends before the place that was asked for.")
        differences = Differences()
        encoder = _Encoder(sink, recipe, _Shape.of(recipe, stream, first))
        if first is not None:
            encoder.skip(reader.lead)
            encoder.take(first)
        for frame in frames:
            if encoder.is_full:
                break
            encoder.take(frame)
            advanced(encoder.position_ms)
        if encoder.is_full and container.duration:
            total_ms = container.duration // 1000 - recipe.offset_ms
            differences.surplus_ms = max(0, total_ms - encoder.position_ms)
        differences.silence_ms = encoder.finish(advanced)
        return differences


class _Nowhere:
    """A sink for what nobody will hear."""

    def write(self, data: bytes) -> int:
        return len(data)


def encode_silence(recipe: Recipe) -> None:
    """Encode the recipe's samples of silence to nowhere: loads the codec's library and tables."""
    encoder = _Encoder(_Nowhere(), recipe, _Shape.lossy(recipe))
    encoder.finish(lambda _: None)


def _open(source: BinaryIO) -> InputContainer:
    try:
        container: InputContainer = av.open(
            source,
            "r",
            options={
                "format_whitelist": _DEMUXERS,
                "protocol_whitelist": "none",
                "max_probe_packets": _PROBED_PACKETS,
            },
            buffer_size=_READ_BYTES,
            **_TAGS_AS_THEY_ARE,
        )
    except MemoryError:
        raise
    except FFmpegError as error:
        raise Unreadable("It is not an audio file that Tonearm can read.") from error
    return container


def _sound(container: InputContainer) -> AudioStream:
    stream = container.streams.best("audio")
    if not isinstance(stream, AudioStream):
        raise Unreadable("There is no sound in it.")
    stream.codec_context.thread_count = 1
    return stream


class _Reader:
    """The decoded frames of one stream from a given place on."""

    def __init__(
        self, container: InputContainer, stream: AudioStream, offset_ms: int, breathe: Callable[[], None]
    ) -> None:
        self._container = container
        self._stream = stream
        self._from = Fraction(offset_ms, 1000)
        self._breathe = breathe
        self._decoded = False
        self.lead = Fraction(0)
        """Seconds by which the first frame begins too early."""

    def frames(self) -> Iterator[AudioFrame]:
        """Raises ``Unreadable`` when not one frame of the source can be decoded."""
        yield from self._after(self._seek()) if self._from else self._decode()
        if not self._decoded:
            raise Unreadable("Nothing of its sound can be decoded.")

    def _after(self, frames: Iterator[tuple[Fraction, AudioFrame]]) -> Iterator[AudioFrame]:
        begun = False
        for position, frame in frames:
            if not begun and position + Fraction(frame.samples, frame.sample_rate) <= self._from:
                continue
            if not begun:
                self.lead = max(Fraction(0), self._from - position)
                begun = True
            yield frame

    def _seek(self) -> Iterator[tuple[Fraction, AudioFrame]]:
        """Frames with their positions, beginning no later than the wanted place."""
        origin = self._origin()
        # What cannot be sought in is read from the beginning.
        with suppress(FFmpegError):
            self._container.seek(int((self._from - _RUN_UP + origin) * _SECONDS), backward=True)
        for frame in self._decode():
            yield (frame.pts or 0) * (frame.time_base or Fraction(1, frame.sample_rate)) - origin, frame

    def _origin(self) -> Fraction:
        if self._stream.start_time is None or self._stream.time_base is None:
            return Fraction(0)
        return self._stream.start_time * self._stream.time_base

    def _decode(self) -> Iterator[AudioFrame]:
        """Damaged packets are left out, a source that breaks off ends there."""
        packets = self._container.demux(self._stream)
        while True:
            self._breathe()
            try:
                packet = next(packets, None)
            except MemoryError:
                raise
            except FFmpegError:
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except FFmpegError:
                continue
            for frame in frames:
                if isinstance(frame, AudioFrame) and frame.samples:
                    self._decoded = True
                    yield frame


class _Shape:
    """What the encoder is given: its name, its muxer, and the form of its samples."""

    def __init__(self, encoder: str, muxer: str, sample_format: str, layout: str, rate: int) -> None:
        self.encoder = encoder
        self.muxer = muxer
        self.sample_format = sample_format
        self.layout = layout
        self.rate = rate

    @classmethod
    def lossy(cls, recipe: Recipe) -> "_Shape":
        """Stereo always: libopus refuses high rates for one channel, and equal channels cost next to nothing."""
        encoder, muxer, sample_format = _LOSSY[recipe.codec]
        return cls(encoder, muxer, sample_format, "stereo", recipe.sample_rate)

    @classmethod
    def of(cls, recipe: Recipe, stream: AudioStream, first: AudioFrame | None) -> "_Shape":
        """What fits the recipe and, for FLAC, the source."""
        if recipe.codec in _LOSSY:
            return cls.lossy(recipe)
        if first is None:
            raise Unreadable("It ends before the place that was asked for.")
        layout = first.layout.name if first.layout.nb_channels <= _FLAC_MAX_CHANNELS else "stereo"
        return cls("flac", "flac", _flac_format(stream, first), layout, recipe.sample_rate or first.sample_rate)


def _flac_format(stream: AudioStream, first: AudioFrame) -> str:
    """24 bits (``s32``) where the source has more than 16. Decoders of lossy codecs give floats: 16 bits hold those."""
    name = first.format.name.removesuffix("p")
    if name in {"flt", "dbl"}:
        return "s32" if stream.codec_context.name.startswith(_FLOAT_PCM) else "s16"
    return "s32" if first.format.bytes > 2 else "s16"


class _Encoder:
    """Takes decoded frames of any form, and gives the sink exactly as many samples as the recipe wants."""

    def __init__(self, sink: Sink, recipe: Recipe, shape: _Shape) -> None:
        self._shape = shape
        self._container: OutputContainer = av.open(
            sink,
            "w",
            format=shape.muxer,
            options={"fflags": "+bitexact", "flush_packets": "1", **_MUXER_OPTIONS.get(shape.muxer, {})},
        )
        options = {"vbr": "off", "frame_duration": "20"} if recipe.codec == "opus" else {}
        stream = self._container.add_stream(shape.encoder, rate=shape.rate, options=options)
        assert isinstance(stream, AudioStream)
        stream.codec_context.format = shape.sample_format
        stream.codec_context.layout = shape.layout
        stream.codec_context.thread_count = 1
        if recipe.bit_rate:
            stream.bit_rate = recipe.bit_rate * 1000
        stream.codec_context.open()
        self._stream = stream
        self._frame_samples = stream.codec_context.frame_size
        self._limit = recipe.samples or None
        self._fifo = AudioFifo()
        self._resampler: AudioResampler | None = None
        self._source_form: tuple[str, str, int] | None = None
        self._skip = 0
        self._written = 0

    @property
    def position_ms(self) -> int:
        return self._written * 1000 // self._shape.rate

    @property
    def is_full(self) -> bool:
        """Whether the recipe's number of samples is encoded; always False without one."""
        return self._limit is not None and self._written >= self._limit

    def skip(self, seconds: Fraction) -> None:
        """Leave out so much of what comes next."""
        self._skip = round(seconds * self._shape.rate)

    def take(self, frame: AudioFrame) -> None:
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if form != self._source_form:
            # The first frame, or a source that changes its form on the way.
            self._flush_resampler()
            self._source_form = form
            self._resampler = AudioResampler(self._shape.sample_format, self._shape.layout, self._shape.rate)
        assert self._resampler is not None
        frame.pts = None
        self._queue(self._resampler.resample(frame))
        self._encode_whole_frames()

    def finish(self, advanced: Advanced) -> int:
        """Encode what is left, and silence up to the limit. Returns the milliseconds of silence.

        Raises ``Unreadable`` where so much is missing that it cannot be silence.
        """
        self._flush_resampler()
        self._encode_whole_frames()
        missing = 0 if self._limit is None else max(0, self._limit - self._written - self._fifo.samples)
        if missing > max(_FILLED_SECONDS * self._shape.rate, (self._limit or 0) // _FILLED_PART):
            raise Unreadable(f"It ends {missing // self._shape.rate} seconds before its time.")
        rest = missing
        while rest > 0:
            silence = self._silence(min(rest, self._frame_samples))
            rest -= silence.samples
            self._fifo.write(silence)
            self._encode_whole_frames()
            advanced(self.position_ms)
        if not self.is_full and self._fifo.samples:
            self._encode(self._fifo.samples)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return missing * 1000 // self._shape.rate

    def _flush_resampler(self) -> None:
        if self._resampler is not None:
            self._queue(self._resampler.resample(None))
            self._resampler = None
            self._source_form = None

    def _queue(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            if frame is None:
                continue
            frame.pts = None
            self._fifo.write(frame)
            if self._skip:
                dropped = self._fifo.read(min(self._skip, self._fifo.samples), partial=True)
                self._skip -= dropped.samples if dropped else 0

    def _encode_whole_frames(self) -> None:
        while not self.is_full and self._fifo.samples >= self._frame_samples:
            self._encode(self._frame_samples)

    def _encode(self, samples: int) -> None:
        if self._limit is not None:
            samples = min(samples, self._limit - self._written)
        frame = self._fifo.read(samples, partial=True)
        if frame is None:
            return
        frame.sample_rate = self._shape.rate
        frame.time_base = Fraction(1, self._shape.rate)
        frame.pts = self._written
        self._written += frame.samples
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def _silence(self, samples: int) -> AudioFrame:
        frame = AudioFrame(self._shape.sample_format, self._shape.layout, samples)
        frame.sample_rate = self._shape.rate
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        return frame
