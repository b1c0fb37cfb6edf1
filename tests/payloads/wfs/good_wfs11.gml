<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" xmlns:qh="http://quyhoach.example.vn" numberOfFeatures="2">
<gml:featureMembers>
<qh:duong gml:id="duong.1"><qh:ten>Đường Hùng Vương</qh:ten><qh:geom><gml:MultiLineString srsName="http://www.opengis.net/gml/srs/epsg.xml#4326"><gml:lineStringMember><gml:LineString><gml:posList>107.09 16.80 107.10 16.81 107.11 16.815</gml:posList></gml:LineString></gml:lineStringMember></gml:MultiLineString></qh:geom></qh:duong>
<qh:duong gml:id="duong.2"><qh:ten>Đường Lê Duẩn</qh:ten><qh:geom><gml:Curve srsName="urn:ogc:def:crs:EPSG::4326"><gml:segments><gml:LineStringSegment><gml:posList>16.80 107.09 16.82 107.10</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></qh:geom></qh:duong>
</gml:featureMembers></wfs:FeatureCollection>
