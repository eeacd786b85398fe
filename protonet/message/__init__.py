"""Typed proto2 messages: what protonet accepts is said once, in their annotations."""
