"""The node over real DDS: pairs in, pictures out."""


def test_a_pair_comes_out_with_the_rgb_header(bench, make_node, helpers):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen("fused/image_raw")
    bench.listen("segmentation/mask")
    sent = bench.pair(100.0, offset=0.004)
    bench.until(lambda: bench.heard["fused/image_raw"] and bench.heard["segmentation/mask"])
    fused, mask = bench.heard["fused/image_raw"][0], bench.heard["segmentation/mask"][0]
    assert fused.header == sent.header
    assert mask.header == sent.header
    assert (fused.encoding, mask.encoding) == ("rgb8", "mono8")
    assert (fused.height, fused.width) == (mask.height, mask.width) == (64, 96)
    assert max(mask.data) < 9
