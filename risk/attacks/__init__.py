"""Attacks on a released table: what would an attacker really learn from it?"""
