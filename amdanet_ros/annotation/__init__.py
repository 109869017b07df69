"""Labels to and from programs in which people draw them: CVAT, COCO, labelme, Label Studio."""
